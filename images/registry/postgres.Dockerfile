# The image that the stack file names, plus what this project needs of a server. Debian-based images only: the
# packages come from the archive that the official image has configured itself. A pgvector that is there stays.
ARG BASE
FROM ${BASE}
ARG MAJOR
RUN set -e; vector=postgresql-${MAJOR}-pgvector; \
    [ ! -e /usr/share/postgresql/${MAJOR}/extension/vector.control ] || vector=; \
    apt-get update; \
    apt-get install -y --no-install-recommends postgresql-${MAJOR}-pgaudit $vector pgbackrest; \
    rm -rf /var/lib/apt/lists/*
