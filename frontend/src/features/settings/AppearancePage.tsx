import { type Preferences, setPreference, usePreferences } from "@/ui/preferences";
import { Section } from "@/ui/Section";
import { Switch } from "@/ui/Switch";

const THEMES: { value: Preferences["theme"]; label: string }[] = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** `/settings/appearance` */
export default function AppearancePage() {
  const { theme, shortcuts } = usePreferences();
  return (
    <>
      <Section title="Theme">
        <fieldset className="grid grid-cols-1 gap-2 sm:grid-cols-3">
          <legend className="sr-only">Theme</legend>
          {THEMES.map(({ value, label }) => (
            <label
              key={value}
              className="flex min-h-9 items-center gap-2 rounded-card border bg-card px-3 text-14 has-checked:border-accent has-checked:bg-accent-soft touch:min-h-11"
            >
              <input
                type="radio"
                name="theme"
                checked={theme === value}
                onChange={() => setPreference("theme", value)}
                className="size-4 accent-accent"
              />
              {label}
            </label>
          ))}
        </fieldset>
      </Section>
      <Section title="Keyboard">
        <Switch
          label="Single-key shortcuts"
          hint="Such as / for the composer and g l for the library. Press ? for all of them."
          checked={shortcuts}
          onChange={(on) => setPreference("shortcuts", on)}
        />
      </Section>
    </>
  );
}
