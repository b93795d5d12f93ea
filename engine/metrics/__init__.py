"""What can be measured of pictures. A metric is one file here and one line in its table."""
