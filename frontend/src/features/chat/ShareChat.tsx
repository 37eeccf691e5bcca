import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { chatSharingQuery } from "@/api/queries";
import { type SharingChange, SharingForm } from "@/features/sharing/SharingForm";
import { Dialog } from "@/ui/Dialog";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";

interface ShareChatProps {
  id: string;
  title: string;
  onClose: () => void;
}

/** Lets others read a chat, and takes it back. */
export default function ShareChat({ id, title, onClose }: ShareChatProps) {
  return (
    <Dialog open onOpenChange={onClose} title={`Share “${title}”`}>
      <Sharing id={id} />
    </Dialog>
  );
}

function Sharing({ id }: { id: string }) {
  const client = useQueryClient();
  const params = { path: { chat_id: id } };
  const sharing = useQuery(chatSharingQuery(id));
  const change = useMutation({
    mutationFn: ({ emails = [], everybody = false, takeBack }: SharingChange) =>
      takeBack === undefined
        ? answerOf(
            api.POST("/api/chats/{chat_id}/sharing", { params, body: { emails, everybody } }),
          )
        : answerOf(
            api.DELETE("/api/chats/{chat_id}/sharing", {
              params: { ...params, query: { email: takeBack ?? undefined } },
            }),
          ),
    onSuccess: (told) => {
      client.setQueryData(chatSharingQuery(id).queryKey, told);
      void client.invalidateQueries({ queryKey: ["chats"] });
    },
  });
  if (sharing.isPending) return <Spinner label="Loading…" />;
  if (sharing.isError) return <ProblemBox problem={asProblem(sharing.error)} />;
  return (
    <SharingForm
      shares={sharing.data.readers}
      onChange={change.mutateAsync}
      busy={change.isPending}
      error={change.error}
      nobody="It is shared with nobody: you alone see it."
    >
      <p className="text-13 text-muted">
        They read this chat and all that comes, and can do nothing in it. Your own words are shown
        as you wrote them. What tells of a dataset that they may not see is not shown to them.
      </p>
    </SharingForm>
  );
}
