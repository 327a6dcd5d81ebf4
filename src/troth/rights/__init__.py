"""What people may ask about their own data: a copy, cancellation, an answer in time. Workflows as tables.

Rests on the person's own right, which outlives their agreement; erases and opens through the vault alone.
"""
