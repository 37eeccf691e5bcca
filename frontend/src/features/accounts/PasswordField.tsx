import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, useState } from "react";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";

type PasswordFieldProps = Omit<ComponentProps<typeof Field>, "type" | "end">;

export function PasswordField(props: PasswordFieldProps) {
  const [shown, setShown] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  return (
    <Field
      {...props}
      type={shown ? "text" : "password"}
      autoCapitalize="none"
      spellCheck={false}
      end={
        <Button
          variant="ghost"
          size="icon"
          aria-pressed={shown}
          aria-label={`Show ${/^\w[a-z ]*$/.test(props.label) ? props.label.toLowerCase() : props.label}`}
          onClick={() => setShown(!shown)}
        >
          <Icon aria-hidden />
        </Button>
      }
    />
  );
}
