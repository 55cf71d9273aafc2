# The image that the stack file names, plus what this project needs of a server. Debian-based images only: the
# packages come from the archive that the official image has configured itself.
ARG BASE
FROM ${BASE}
ARG MAJOR
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-${MAJOR}-pgaudit postgresql-${MAJOR}-pgvector pgbackrest \
    && rm -rf /var/lib/apt/lists/*
