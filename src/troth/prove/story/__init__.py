"""The demo's story: one person, one camera, one day, told through the doors that users have.

Every step says what it expected, looks for what happened (over HTTP, over MQTT, in the tables and files) and
says whether it held. The story starts nothing and knows no package of ours but the simulated device: it is
handed a running system as a `Stage`.
"""
