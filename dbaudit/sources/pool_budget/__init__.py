"""What a project's own files say of its connections: its pools, its processes and its instances.

One reader per format. Nothing of the project is imported or run; what is no literal value is not known.
"""
