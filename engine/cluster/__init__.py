"""Painters on a Ray cluster: one engine, and an easel with a painter for every GPU of every node.

Ray carries calls and pixels and says which nodes there are; what is painted, by whom and when, stays with the engine.
"""
