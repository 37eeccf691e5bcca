"""Readers of the formats that datasets are published in: indexable, lazy, and light to send to a worker.

``idx`` MNIST's arrays · ``cifar`` CIFAR's pickles · ``folders`` a folder for each class · ``tiny_imagenet``
· ``coco`` COCO's json · ``yolo`` a text file for each image · ``kitti`` its object benchmark ·
``kitti_raw`` its drives. They stand on PIL and NumPy, which are imported with the reader's module and not
with this package.

A reader is made of paths alone and opens a file when a sample is asked for, so it can be pickled at any time.
A sample of a classification reader is ``(image, class position)``, of a detection reader
``(RGB image, annotations)``.
"""
