import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { ChatView } from "@/api/types";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ProblemBox } from "@/ui/ProblemBox";

interface DeleteChatProps {
  chat: ChatView;
  onClose: () => void;
  onDeleted: () => void;
}

export default function DeleteChat({ chat, onClose, onDeleted }: DeleteChatProps) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      answerOf(api.DELETE("/api/chats/{chat_id}", { params: { path: { chat_id: chat.id } } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["chats"] });
      onDeleted();
    },
  });
  return (
    <Dialog open onOpenChange={onClose} title="Delete this chat?" alert>
      <div className="mt-2 grid grid-cols-1 gap-4 text-14">
        <p className="wrap-anywhere">
          “<bdi>{chat.title}</bdi>” and its answers go for good. What was downloaded stays.
        </p>
        {remove.isError && <ProblemBox problem={asProblem(remove.error)} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep</Button>
          <Button variant="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
            Delete
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
