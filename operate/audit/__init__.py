"""`operate audit`: the policy pack's rules on what is there already, and a search for secrets in plain.

Each source becomes resources (`state`, `docker_host`, `compose`), which `judge` holds against the rules; `scan`
searches texts; `run` does what was asked for. Nothing is imported here: every other command would wait for it.
"""
