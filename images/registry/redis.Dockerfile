# The image that the stack file names, under this project's name.
ARG BASE
FROM ${BASE}
