"""COCO: archives of its logger."""
