"""Makes a project of a plugin's repository: reads what is there, proposes what is missing, writes it.

`repository` reads, `proposal` decides, `documents` and `workflow` make the texts, `writing` writes them. Only the last
one changes anything.
"""
