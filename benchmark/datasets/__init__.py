"""Images that supernets are trained and scored on."""

from benchmark.datasets.images import Batches, Images, ImageSet
from benchmark.datasets.registry import DATASETS, DatasetRecord, dataset_record

__all__ = ["DATASETS", "Batches", "DatasetRecord", "ImageSet", "Images", "dataset_record"]
