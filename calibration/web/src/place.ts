/** Where the installer is: step and camera. Kept over a reload. */

import { computed, effect, signal } from "@preact/signals";
import { type Camera, api } from "./api";
import { keep, kept } from "./keep";
import { offers } from "./offers";
import { select } from "./work";

const STEPS = ["camera", "windows", "details", "learn", "try", "save"] as const;
export type Step = (typeof STEPS)[number];
/** The steps that this agent offers, in their order. */
export const steps = computed(() => STEPS.filter((name) => (name === "learn" ? offers("reference") : name === "try" ? offers("trial") || offers("selfTest") : true)));

export const step = signal<Step>(STEPS.find((name) => name === kept<string>("step")) ?? "camera");
export const cameraId = signal<string | null>(kept<string>("camera"));
export const cameras = signal<readonly Camera[] | null>(null);
export const camera = computed(() => cameras.value?.find((one) => one.id === cameraId.value) ?? null);

effect(() => keep("step", step.value));
effect(() => keep("camera", cameraId.value));

export function goTo(next: Step): void {
  step.value = next;
}

export function pick(id: string): void {
  if (cameraId.value !== id) select(null);
  cameraId.value = id;
}

/** Fetches the cameras; with one there is nothing to pick. */
export async function lookForCameras(): Promise<void> {
  cameras.value = await api.cameras();
  const only = cameras.value.length === 1 ? cameras.value[0] : undefined;
  if (only && cameraId.value === null) pick(only.id);
  if (cameraId.value !== null && camera.value === null) cameraId.value = null;
  if (cameraId.value === null) step.value = "camera";
}
