# Prometheus and its exporters, from Debian's packages: those of registries are an image each, with other users and
# without Python.
ARG BASE
FROM ${BASE}
RUN useradd --uid 997 --user-group --home-dir / monitoring \
    && apt-get update && apt-get install -y --no-install-recommends \
        prometheus prometheus-postgres-exporter prometheus-redis-exporter python3-minimal python3-psycopg \
    && rm -rf /var/lib/apt/lists/* && install -d -o monitoring -g monitoring /var/lib/monitoring /etc/monitoring
ENV LANG=C.UTF-8
ENV PYTHONUNBUFFERED=1
EXPOSE 9090
USER monitoring
CMD ["prometheus", "--version"]
