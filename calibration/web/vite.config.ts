import { resolve } from "node:path";
import { defineConfig } from "vite";

/** Areas of the catalogue that this page shows. */
const OF_THIS_PAGE = /^(calibrate|calibration|health|item|rule\.\w+\.title|signal|ui|value)\b/;

const central = resolve(import.meta.dirname, "../../central/web");

export default defineConfig({
  build: { target: "es2022", assetsInlineLimit: 0, reportCompressedSize: false },
  publicDir: resolve(central, "public"),
  resolve: {
    // Look and components are central's; what they import comes from this folder's packages, once.
    alias: { "@central": resolve(central, "src") },
    dedupe: ["preact", "@preact/signals", "@zag-js/dialog", "@zag-js/menu", "@zag-js/preact", "@zag-js/toast"],
  },
  plugins: [
    {
      name: "texts-of-this-page",
      enforce: "pre",
      transform(code, id) {
        if (!/[/\\]locales[/\\][\w-]+\.json$/.test(id)) return undefined;
        const texts = Object.entries(JSON.parse(code) as Record<string, string>).filter(([key]) => OF_THIS_PAGE.test(key));
        return { code: JSON.stringify(Object.fromEntries(texts)), map: null };
      },
    },
  ],
  // `npm run dev` against an agent on this machine; its certificate is its own.
  server: { proxy: { "/api": { target: "https://127.0.0.1:8443", secure: false } }, fs: { allow: ["../.."] } },
});
