# The pooler, from Debian's package: the images of registries differ in their users, shells and entrypoints.
ARG BASE
FROM ${BASE}
RUN useradd --uid 998 --user-group --home-dir / pgbouncer \
    && apt-get update && apt-get install -y --no-install-recommends openssl pgbouncer postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/* && install -d -o pgbouncer -g pgbouncer /var/lib/pgbouncer /run/pgbouncer
COPY pgbouncer/docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
COPY pgbouncer/answers /usr/local/bin/answers
COPY pgbouncer/pools.ini /var/lib/pgbouncer/pools.ini
ENV LANG=C.UTF-8
EXPOSE 6432
USER pgbouncer
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["/etc/pgbouncer/process-1.ini"]
