# Leads to the primary, from Debian's package: the same version and user wherever images come from.
ARG BASE
FROM ${BASE}
RUN useradd --uid 997 --user-group --home-dir / follower \
    && apt-get update && apt-get install -y --no-install-recommends haproxy && rm -rf /var/lib/apt/lists/*
ENV LANG=C.UTF-8
EXPOSE 5432
USER follower
CMD ["haproxy", "-db", "-f", "/etc/data-tier/haproxy.cfg"]
