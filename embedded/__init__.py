"""A small engine that speaks Pulumi's own protocol, for machines that cannot have the Pulumi CLI."""
