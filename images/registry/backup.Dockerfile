# What makes and tries backups: the server's own programs from the image that the stack file names, and Python.
ARG BASE
FROM ${BASE}
ARG MAJOR
RUN set -e; vector=postgresql-${MAJOR}-pgvector; \
    [ ! -e /usr/share/postgresql/${MAJOR}/extension/vector.control ] || vector=; \
    apt-get update; \
    apt-get install -y --no-install-recommends postgresql-${MAJOR}-pgaudit $vector pgbackrest \
        openssl python3-minimal python3-psycopg; \
    rm -rf /var/lib/apt/lists/*; \
    install -d -o backup -g backup /var/lib/pgbackrest /var/lib/data-tier
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/lib/postgresql/${MAJOR}/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV LANG=C.UTF-8
ENV PYTHONUNBUFFERED=1
ENTRYPOINT []
CMD ["python3"]
