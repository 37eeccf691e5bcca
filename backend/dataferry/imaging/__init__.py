"""Images and DICOM files of strangers: recognised by their bytes, and decoded in processes apart."""
