"""Server images of this project, and the probe that stands in for apps whose images can't be had."""
