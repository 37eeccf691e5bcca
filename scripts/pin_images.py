"""``make images``: pins the images that ours is made from, and those of the compose file, to what their tags
are now.

A tag is moved with every rebuild; a digest names bytes. Both stand there: the tag for people and for this
command, the digest for the engine, which ignores the tag then. Wants Docker and the registry.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "deploy" / "Dockerfile", ROOT / "docker-compose.yml"]
#: An image with a tag, and perhaps a digest, after FROM or ``image:``.
IMAGE = re.compile(r"(?<=^FROM )\S+:\S+|(?<=^    image: )\S+:\S+", re.MULTILINE)


def main(files: list[Path]) -> int:
    texts = {file: file.read_text() for file in files}
    tags = {tag_of(image) for text in texts.values() for image in IMAGE.findall(text)}
    try:
        pins = {tag: f"{tag}@{digest_of(tag)}" for tag in sorted(tags)}
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        print(f"Nothing is changed: {error}", file=sys.stderr)
        return 1
    for file, text in texts.items():
        file.write_text(IMAGE.sub(lambda found: pins[tag_of(found[0])], text))
    print("\n".join(pins.values()))
    return 0


def tag_of(image: str) -> str:
    return image.partition("@")[0]


def digest_of(tag: str) -> str:
    """The digest of the list of an image's builds for all machines."""
    command = ["docker", "buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}", tag]
    digest = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise ValueError(f"{digest!r} is no digest of {tag}")
    return digest


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]] or FILES))
