import { useMutation } from "@tanstack/react-query";
import { HardDriveDownload } from "lucide-react";
import type { ReactNode } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";

interface SaveButtonProps {
  datasetKey: string;
  revision?: string;
  /** Of one file; without it the whole dataset is meant, as a zip file. */
  file?: string;
  /** Of what else the server makes of it, below the dataset's own address. */
  path?: string;
  /** What a screen reader is told, and a tooltip. */
  label: string;
  size?: "sm" | "md";
  children?: ReactNode;
}

/** Has the browser fetch files of the library onto the computer in front of the person. */
export function SaveButton({
  datasetKey,
  revision,
  file,
  path,
  label,
  size = "sm",
  children,
}: SaveButtonProps) {
  const save = useMutation({
    mutationFn: async () => {
      const params = { path: { key: datasetKey }, query: { revision } };
      const access = await answerOf(api.POST("/api/datasets/{key}/browser-access", { params }));
      fetchByBrowser(access.address + (path ?? rest(file, revision)));
    },
    onError: (error) => announce(`Not saved: ${asProblem(error).detail}`),
  });
  const problem = save.isError ? `Not saved: ${asProblem(save.error).detail}` : undefined;
  return (
    <Button
      size={size}
      variant={children ? "outline" : "ghost"}
      disabled={save.isPending}
      aria-label={label}
      title={problem ?? label}
      onClick={() => save.mutate()}
    >
      <HardDriveDownload aria-hidden className={problem ? "text-bad" : undefined} />
      {children}
    </Button>
  );
}

function rest(file?: string, revision?: string): string {
  const path = file ? `files/${file.split("/").map(encodeURIComponent).join("/")}` : "archive";
  return revision ? `${path}?revision=${encodeURIComponent(revision)}` : path;
}

/** A link that is clicked: an answer that is no file does not take the page's place. */
function fetchByBrowser(href: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = "";
  link.click();
}
