import { useMutation } from "@tanstack/react-query";
import { FileDown, Trash2 } from "lucide-react";
import { useState } from "react";
import { answerOf, api, sendAsMe } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { saveAs } from "@/ui/saveAs";
import { UPLOADS_KEY } from "./queries";

/** All of my uploads: to be taken along, or to be erased. */
export function OwnUploads() {
  const [asking, setAsking] = useState(false);
  const save = useMutation({
    mutationFn: async () => {
      const response = await sendAsMe("/api/uploads/export");
      saveAs(await response.blob(), "uploads.zip");
    },
  });
  const erase = useMutation({
    mutationFn: () =>
      answerOf(api.DELETE("/api/uploads", { params: { query: { everything: "yes" } } })),
    onSuccess: async ({ uploads }) => {
      setAsking(false);
      announce(`${plural(uploads, "upload")} erased`);
      await queryClient.invalidateQueries({ queryKey: UPLOADS_KEY });
    },
  });
  return (
    <Section
      title="Your uploads"
      intro="They are encrypted on this server, and you alone can open them."
    >
      {save.isError && <ProblemBox problem={asProblem(save.error)} />}
      <div className="flex flex-wrap gap-2">
        <Button disabled={save.isPending} onClick={() => save.mutate()}>
          <FileDown aria-hidden /> Save all of them
        </Button>
        <Button variant="danger" onClick={() => setAsking(true)}>
          <Trash2 aria-hidden /> Erase all of them
        </Button>
      </div>
      <Dialog open={asking} onOpenChange={setAsking} title="Erase all of your uploads?" alert>
        <div className="grid grid-cols-1 gap-3 pt-3 text-14">
          <p>
            Your uploads, your consents and what was written down of them go for good. Nothing can
            bring them back.
          </p>
          {erase.isError && <ProblemBox problem={asProblem(erase.error)} />}
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={() => setAsking(false)}>Keep</Button>
            <Button variant="danger" disabled={erase.isPending} onClick={() => erase.mutate()}>
              Erase
            </Button>
          </div>
        </div>
      </Dialog>
    </Section>
  );
}
