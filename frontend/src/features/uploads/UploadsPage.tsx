import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { FileImage } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { UploadCategory } from "@/api/types";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { formatBytes, plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Spinner } from "@/ui/Spinner";
import { ConsentCard, GivenConsent } from "./ConsentCard";
import { DropZone } from "./DropZone";
import { consentQuery, retentionQuery, uploadsQuery } from "./queries";
import { UploadQueue } from "./UploadQueue";
import { UploadTile } from "./UploadTile";
import { useUploadQueue } from "./useUploadQueue";
import { CATEGORIES, isMedical } from "./words";
import { XrayDataset } from "./XrayDataset";

const AT_A_TIME = 40;
const route = getRouteApi("/app/uploads");

/** `/uploads`: images of my own. */
export default function UploadsPage() {
  const { category = "medical" } = route.useSearch();
  const consent = useQuery(consentQuery);
  const queue = useUploadQueue();
  const [deidentify, setDeidentify] = useState(true);
  const asks = isMedical(category) && consent.data?.given === false;
  return (
    <Screen title="Uploads">
      <CategoryTabs chosen={category} />
      <p className="text-14 text-muted">{CATEGORIES[category].about}</p>
      {consent.isError && <ProblemBox problem={asProblem(consent.error)} />}
      {asks && consent.data && <ConsentCard consent={consent.data} />}
      {!asks && consent.data && (
        <div className="grid gap-2">
          <DropZone
            label="Choose images"
            hint="DICOM, JPEG, PNG or TIFF, up to 50 MB each"
            onFiles={(files) => queue.add(files, category, deidentify && isMedical(category))}
          />
          {isMedical(category) && (
            <label className="flex items-start gap-2 text-14">
              <input
                type="checkbox"
                className="mt-1 size-4 accent-accent"
                checked={deidentify}
                onChange={(event) => setDeidentify(event.currentTarget.checked)}
              />
              <span>
                Remove what names a person from DICOM files; the originals are not kept.
                <span className="text-muted"> Text within the picture stays: look yourself.</span>
              </span>
            </label>
          )}
        </div>
      )}
      <UploadQueue files={queue.files} onRemove={queue.remove} onClear={queue.clear} />
      <Mine category={category} />
      <footer className="grid gap-1 border-t pt-3">
        {consent.data?.given && <GivenConsent consent={consent.data} />}
        <Retention />
      </footer>
    </Screen>
  );
}

function CategoryTabs({ chosen }: { chosen: UploadCategory }) {
  return (
    <nav aria-label="Kinds of uploads" className="flex gap-1 overflow-x-auto border-b">
      {(Object.keys(CATEGORIES) as UploadCategory[]).map((category) => (
        <Link
          key={category}
          to="/uploads"
          search={{ category }}
          aria-current={category === chosen ? "page" : undefined}
          className={clsx(
            "-mb-px inline-flex min-h-9 items-center border-b-2 px-3 text-14 outline-offset-[-2px] touch:min-h-11",
            category === chosen
              ? "border-accent font-medium"
              : "border-transparent text-muted hover:text-fg",
          )}
        >
          {CATEGORIES[category].label}
        </Link>
      ))}
    </nav>
  );
}

function Mine({ category }: { category: UploadCategory }) {
  const [limit, setLimit] = useState(AT_A_TIME);
  const { data, error, isPlaceholderData } = useQuery({
    ...uploadsQuery(category, limit),
    placeholderData: keepPreviousData,
  });
  if (error) return <ProblemBox problem={asProblem(error)} />;
  if (!data) return <Spinner label="Loading…" />;
  if (data.total === 0)
    return (
      <EmptyState icon={FileImage} title="Nothing here yet">
        What you upload is encrypted, and you alone can open it.
      </EmptyState>
    );
  return (
    <section
      aria-label="My uploads"
      className="grid grid-cols-1 gap-3"
      aria-busy={isPlaceholderData}
    >
      <ul className="grid grid-cols-2 gap-3 sm:grid-cols-3 lg:grid-cols-4">
        {data.uploads.map((upload) => (
          <UploadTile key={upload.id} upload={upload} />
        ))}
      </ul>
      <p role="status" className="flex items-center gap-3 text-13 text-muted">
        {data.uploads.length.toLocaleString("en")} of {plural(data.total, "image")}
        {data.uploads.length < data.total && (
          <Button size="sm" onClick={() => setLimit(limit + AT_A_TIME)}>
            Show more
          </Button>
        )}
      </p>
      {category === "xray" && (
        <div>
          <XrayDataset />
        </div>
      )}
    </section>
  );
}

function Retention() {
  const { data } = useQuery(retentionQuery);
  if (!data) return null;
  const gone =
    data.removed > 0 &&
    ` ${plural(data.removed, "image")} of yours went so, ${formatBytes(data.removed_bytes)}.`;
  return (
    <p className="text-13 text-muted">
      {data.days == null
        ? "Uploads are kept until you delete them."
        : `Uploads are removed after ${plural(data.days, "day")}.`}
      {gone}
    </p>
  );
}
