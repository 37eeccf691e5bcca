import { Link } from "@tanstack/react-router";
import { ImageOff } from "lucide-react";
import type { UploadView } from "@/api/types";
import { Badge } from "@/ui/Badge";
import { formatTime } from "@/ui/format";
import { useUploadPicture } from "./useUploadPicture";
import { CATEGORIES, formatWords } from "./words";

const EDGE = 320;

/** One of my uploads, small; it leads to the whole. */
export function UploadTile({ upload }: { upload: UploadView }) {
  const { category, id, original_filename: name, processing_status: status } = upload;
  const { address, problem } = useUploadPicture({ category, id }, upload.sha256, { edge: EDGE });
  return (
    <li className="min-w-0">
      <Link
        to="/uploads/$category/$id"
        params={{ category, id }}
        className="grid grid-cols-1 gap-1 rounded-card border bg-card p-2 hover:border-accent"
      >
        <span className="flex aspect-4/3 items-center justify-center overflow-hidden rounded-control bg-panel">
          {problem ? (
            <ImageOff aria-hidden className="size-6 text-muted" />
          ) : (
            address && <img src={address} alt="" className="max-h-full max-w-full object-contain" />
          )}
        </span>
        <bdi className="truncate text-14 font-medium" title={name}>
          {name}
        </bdi>
        <span className="truncate text-12 text-muted">{formatWords(upload)}</span>
        <span className="flex flex-wrap gap-1">
          <Badge>{CATEGORIES[category].label}</Badge>
          {status === "quarantined" && <Badge tone="warn">Look at its pixels</Badge>}
          {upload.details.plausibility?.likely === false && (
            <Badge tone="warn">Perhaps no chest X-ray</Badge>
          )}
        </span>
        <span className="text-12 text-muted">{formatTime(upload.created_at)}</span>
      </Link>
    </li>
  );
}
