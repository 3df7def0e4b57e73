"""From scores to what users get: files, tables, pictures, reports, formats of other programs.

`prediction` is the content, `writing` and `reading` the result folder. Each format of another
program is a module in `formats`.
"""
