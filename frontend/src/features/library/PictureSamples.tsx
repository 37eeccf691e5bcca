import { useQuery } from "@tanstack/react-query";
import { imageSamplesQuery } from "@/api/queries";
import type { ImageSample, ImageSamples } from "@/api/types";
import { formatBytes, plural } from "@/ui/format";
import { Section } from "@/ui/Section";

interface PictureSamplesProps {
  datasetKey: string;
  revision?: string;
  /** Whether it is on this machine. */
  here: boolean;
}

/** Some of the dataset's pictures, here or at its source; nothing where it has none. */
export function PictureSamples({ datasetKey, revision, here }: PictureSamplesProps) {
  const { data } = useQuery(imageSamplesQuery(datasetKey, revision, here));
  if (!data || (data.images.length === 0 && !data.notes?.length)) return null;
  return (
    <Section title="Pictures" intro={describe(data)}>
      <ul
        aria-label="Pictures"
        className="grid grid-cols-[repeat(auto-fill,minmax(7.5rem,1fr))] gap-3"
      >
        {data.images.map((image, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: those of one table have one path, and none moves
          <Picture key={place} image={image} />
        ))}
      </ul>
    </Section>
  );
}

function Picture({ image }: { image: ImageSample }) {
  const name = image.path.slice(image.path.lastIndexOf("/") + 1);
  const folder = image.path.slice(0, Math.max(0, image.path.length - name.length - 1));
  return (
    <li className="min-w-0">
      <figure className="grid grid-cols-[minmax(0,1fr)] gap-1">
        <img
          src={image.thumbnail}
          alt={image.path}
          title={image.path}
          className="aspect-square w-full rounded-control border border-line bg-panel object-contain"
        />
        <figcaption className="text-12 text-muted">
          <bdi className="block truncate">{folder || name}</bdi>
          <span className="tabular-nums">
            {image.width} × {image.height}
          </span>
        </figcaption>
      </figure>
    </li>
  );
}

/** `12 of 5,856 pictures · 1.2 MB fetched from HuggingFace · One picture is not shown: It is damaged.` */
export function describe(samples: ImageSamples): string {
  const shown = samples.images.length;
  const total = samples.image_count;
  const parts = [
    total != null && total > shown
      ? `${shown} of ${plural(total, "picture")}`
      : plural(shown, "picture"),
  ];
  if (samples.partial && samples.fetched_bytes) {
    parts.push(`${formatBytes(samples.fetched_bytes)} fetched from ${samples.fetched_from}`);
  }
  return [...parts, ...(samples.notes ?? [])].join(" · ");
}
