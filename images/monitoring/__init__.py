"""What runs in the containers of the monitoring: the exporter of one server, and Prometheus."""
