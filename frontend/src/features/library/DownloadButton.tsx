import { Download } from "lucide-react";
import { useDownload } from "@/features/downloads/useDownload";
import { useJobOf } from "@/features/downloads/useJobs";
import { Button } from "@/ui/Button";

/** Starts the download of a dataset that is not here; while a job is at work on it there is nothing to start. */
export function DownloadButton({ datasetRef }: { datasetRef: string }) {
  const endpoint = "/api/datasets/download-dataset";
  const download = useDownload({
    ref: datasetRef,
    id: datasetRef,
    download_endpoint: endpoint,
  });
  const job = useJobOf(datasetRef);
  if (job?.active) return null;
  return (
    <Button variant="soft" disabled={download.isPending} onClick={() => download.mutate()}>
      <Download aria-hidden /> Download
    </Button>
  );
}
