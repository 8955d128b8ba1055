import { defineConfig } from "vite";

export default defineConfig({
  build: { target: "es2022", assetsInlineLimit: 0, reportCompressedSize: false },
  // `npm run dev` against a central that listens on the default port.
  server: { proxy: { "/api": "http://127.0.0.1:8080" }, fs: { allow: ["../.."] } },
});
