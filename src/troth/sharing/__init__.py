"""Giving data away beyond the functions: a register of receivers, and the facts that a listed case needs."""
