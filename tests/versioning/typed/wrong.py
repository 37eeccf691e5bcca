"""What type checkers refuse, each in the line that says so."""

from dataferry.versioning import File, dataset, jpg, png


@dataset(remote=3)  # wrong
class Photos:
    image: File[png | jpg]
    size: File[int]  # wrong

    @staticmethod
    def small(image: File[png | jpg]) -> File[png]:
        return image  # wrong


Photos.image.pth  # wrong
Photos.small("a.png")  # wrong
