# The image that the stack file names, under this project's name, with its own question for the server's health.
ARG BASE
FROM ${BASE}
COPY mongo/answers /usr/local/bin/answers
