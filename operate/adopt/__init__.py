"""`adopt`: a stack file from compose files, or from containers that run.

`compose_file` and `running` read what there is into `unit.Project`; `plan` decides what becomes of it; `stack_text`
writes the file, `report` says what a person must know. Nothing here changes a container, and no password is copied.
"""
