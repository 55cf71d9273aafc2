"""The deployment engine: Pulumi's services, what registrations mean, and how it is carried out."""
