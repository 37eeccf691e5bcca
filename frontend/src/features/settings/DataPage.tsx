import { useMutation, useQuery } from "@tanstack/react-query";
import { FileDown } from "lucide-react";
import { answerOf, api, sendAsMe } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Holding } from "@/api/types";
import { useMe } from "@/features/accounts/useSession";
import { Button } from "@/ui/Button";
import { formatBytes, formatCount } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";
import { saveAs } from "@/ui/saveAs";
import { EraseAnother } from "./EraseAnother";
import { EraseMyAccount } from "./EraseMyAccount";

/** `/settings/data`: what the server keeps of me, to be taken along or erased. */
export default function DataPage() {
  const me = useMe();
  const data = useQuery({
    queryKey: ["my-data"],
    queryFn: () => answerOf(api.GET("/api/me/data")),
    staleTime: 0,
  });
  const holdings = data.data?.holdings ?? [];
  return (
    <>
      <Export />
      <Section title="What this server keeps of you">
        {data.isError && <ProblemBox problem={asProblem(data.error)} />}
        {data.isPending && <Spinner label="Counting…" />}
        <Holdings
          title="Goes when your account is erased"
          of={holdings.filter((one) => !one.stays)}
        />
        <Holdings title="Stays, and why" of={holdings.filter((one) => one.stays)} />
      </Section>
      {me && data.data && <EraseMyAccount email={me.email} lastAdmin={data.data.last_admin} />}
      {me?.admin && <EraseAnother />}
    </>
  );
}

function Export() {
  const save = useMutation({
    mutationFn: async () => {
      const response = await sendAsMe("/api/me/export");
      saveAs(await response.blob(), "dataferry-export.zip");
    },
  });
  return (
    <Section
      title="Take your data along"
      intro="One zip file: your account, chats, jobs and history as JSON, your uploads as you gave them, and the files of your private datasets. Passwords and keys are not in it."
    >
      {save.isError && <ProblemBox problem={asProblem(save.error)} />}
      <Button
        disabled={save.isPending}
        onClick={() => save.mutate()}
        className="justify-self-start"
      >
        <FileDown aria-hidden /> {save.isPending ? "Collecting…" : "Export everything"}
      </Button>
    </Section>
  );
}

function Holdings({ title, of }: { title: string; of: Holding[] }) {
  if (of.length === 0) return null;
  return (
    <>
      <h3 className="text-14 font-medium">{title}</h3>
      <ul className="divide-y rounded-card border bg-card text-14">
        {of.map((one) => (
          <li key={`${one.part} ${one.what} ${one.stays}`} className="grid gap-x-4 px-3 py-2">
            <span className="flex flex-wrap justify-between gap-x-4">
              <span className="first-letter:uppercase">{one.what}</span>
              <span className="text-muted tabular-nums">
                {formatCount(one.count)}
                {one.size_bytes ? ` · ${formatBytes(one.size_bytes)}` : ""}
              </span>
            </span>
            {one.stays && <span className="text-muted wrap-anywhere">{one.stays}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
