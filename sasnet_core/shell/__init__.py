"""The commands: options, input files, sessions, batches, progress.

Start with `cli` (sasnet_predict) and `export_cli` (sasnet_export).
"""
