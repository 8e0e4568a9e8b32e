"""Views of a recorded computation: each is a function of a `Graph` and of nothing else.

Read next: `minigrad.viz.text`.
"""
