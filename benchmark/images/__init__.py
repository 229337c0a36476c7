"""Images that supernets are trained and scored on."""

from benchmark.images.batches import Batches
from benchmark.images.data_files import data_folder
from benchmark.images.image_set import Images, ImageSet
from benchmark.images.registry import DATASETS, dataset_record, record_of
from benchmark.images.settings import DataSettings

__all__ = [
    "DATASETS",
    "Batches",
    "DataSettings",
    "ImageSet",
    "Images",
    "data_folder",
    "dataset_record",
    "record_of",
]
