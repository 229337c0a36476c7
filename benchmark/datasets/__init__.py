"""Images that supernets are trained and scored on."""

from benchmark.datasets.batches import Batches
from benchmark.datasets.finding import data_folder
from benchmark.datasets.images import Images, ImageSet
from benchmark.datasets.registry import DATASETS, DatasetRecord, dataset_record
from benchmark.datasets.settings import DataSettings

__all__ = [
    "DATASETS",
    "Batches",
    "DataSettings",
    "DatasetRecord",
    "ImageSet",
    "Images",
    "data_folder",
    "dataset_record",
]
