import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { ArrowLeft, FileDown, ShieldCheck, Trash2 } from "lucide-react";
import { Suspense, useState } from "react";
import { answerOf, api, sendAsMe } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { UploadView } from "@/api/types";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { lazily } from "@/ui/lazily";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Spinner } from "@/ui/Spinner";
import { saveAs } from "@/ui/saveAs";
import { DicomTagTable } from "./DicomTagTable";
import { PictureViewer } from "./PictureViewer";
import { UPLOADS_KEY, uploadQuery } from "./queries";
import { UploadFacts } from "./UploadFacts";
import { UploadHistory } from "./UploadHistory";

const AnalysisPanel = lazily(() => import("@/features/analysis/AnalysisPanel"));

const route = getRouteApi("/app/uploads/$category/$id");

/** `/uploads/medical/upload_…`: one of my uploads. */
export default function UploadPage() {
  const place = route.useParams();
  const { data, error } = useQuery(uploadQuery(place));
  if (error)
    return (
      <Screen title="Upload">
        <ProblemBox problem={asProblem(error)}>
          <Link to="/uploads" search={{ category: place.category }} className="underline">
            My uploads
          </Link>
        </ProblemBox>
      </Screen>
    );
  if (!data) return <Spinner label="Loading…" />;
  const dicom = data.mime_type === "application/dicom";
  return (
    <Screen wide title={data.original_filename} aside={<Acts upload={data} dicom={dicom} />}>
      <Link
        to="/uploads"
        search={{ category: data.category }}
        className="inline-flex items-center gap-1 text-14 text-muted hover:text-fg"
      >
        <ArrowLeft aria-hidden className="size-4" /> My uploads
      </Link>
      <div className="grid grid-cols-1 gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <PictureViewer upload={data} dicom={dicom} />
        <div className="grid content-start gap-5">
          <UploadFacts upload={data} />
          <UploadHistory upload={data} />
        </div>
      </div>
      <Suspense fallback={<Spinner label="Loading…" />}>
        <AnalysisPanel upload={data} />
      </Suspense>
      <DicomTagTable upload={data} />
    </Screen>
  );
}

function Acts({ upload, dicom }: { upload: UploadView; dicom: boolean }) {
  const path = { category: upload.category, upload_id: upload.id };
  const clean = useMutation({
    mutationFn: () =>
      answerOf(api.POST("/api/uploads/{category}/{upload_id}/deidentify", { params: { path } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: UPLOADS_KEY }),
    onError: (error) => announce(asProblem(error).detail),
  });
  const save = useMutation({
    mutationFn: async () => {
      const response = await sendAsMe(`/api/uploads/${upload.category}/${upload.id}/file`);
      saveAs(await response.blob(), upload.original_filename);
    },
    onError: (error) => announce(`Not saved: ${asProblem(error).detail}`),
  });
  const failed = clean.error ?? save.error;
  return (
    <div className="flex flex-wrap gap-2">
      {dicom && !upload.details.identity_removed && (
        <Button variant="soft" disabled={clean.isPending} onClick={() => clean.mutate()}>
          <ShieldCheck aria-hidden /> De-identify
        </Button>
      )}
      <Button
        disabled={save.isPending || upload.processing_status === "quarantined"}
        title={
          upload.processing_status === "quarantined"
            ? "Look at its pixels first, and mask what names a person"
            : undefined
        }
        onClick={() => save.mutate()}
      >
        <FileDown aria-hidden /> Save the file
      </Button>
      <DeleteButton upload={upload} />
      {failed && (
        <div className="basis-full">
          <ProblemBox problem={asProblem(failed)} />
        </div>
      )}
    </div>
  );
}

function DeleteButton({ upload }: { upload: UploadView }) {
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const { category, id } = upload;
  const remove = useMutation({
    mutationFn: () =>
      answerOf(
        api.DELETE("/api/uploads/{category}/{upload_id}", {
          params: { path: { category, upload_id: id } },
        }),
      ),
    onSuccess: async () => {
      await navigate({ to: "/uploads", search: { category } });
      queryClient.removeQueries({ queryKey: [...UPLOADS_KEY, "one", category, id] });
      await queryClient.invalidateQueries({ queryKey: [...UPLOADS_KEY, "list"] });
    },
  });
  return (
    <>
      <Button variant="danger" onClick={() => setAsking(true)}>
        <Trash2 aria-hidden /> Delete
      </Button>
      <Dialog open={asking} onOpenChange={setAsking} title="Delete this upload?" alert>
        <div className="grid gap-3 pt-3 text-14">
          <p>It is gone for good; there is no copy here.</p>
          {remove.isError && <ProblemBox problem={asProblem(remove.error)} />}
          <div className="flex justify-end gap-2">
            <Button onClick={() => setAsking(false)}>Cancel</Button>
            <Button variant="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
              Delete
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}
