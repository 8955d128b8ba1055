import { defineConfig } from "vite";

/** Areas of the catalogue that only programs of the command line and the installers' page show. */
const NOT_FOR_PAGES = /^(doctor|eval|demo|calibrate|calibration)\./;

export default defineConfig({
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // A browser fetches only a few files at a time. One holds the page around all pages, one what most pages share, and one the
    // widgets, which no first view needs.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "widgets", test: /[\\/]node_modules[\\/](@zag-js|@floating-ui)[\\/]/, priority: 1 },
            { name: "start", tags: ["$initial"], priority: 2 },
            { name: "shared", minShareCount: 6 },
          ],
        },
      },
    },
  },
  plugins: [
    {
      name: "texts-of-pages",
      enforce: "pre",
      transform(code, id) {
        if (!/[/\\]locales[/\\][\w-]+\.json$/.test(id)) return undefined;
        const texts = Object.entries(JSON.parse(code) as Record<string, string>).filter(([key]) => !NOT_FOR_PAGES.test(key));
        return { code: JSON.stringify(Object.fromEntries(texts)), map: null };
      },
    },
  ],
  // `npm run dev` against a central that listens on the default port.
  server: { proxy: { "/api": "http://127.0.0.1:8080" }, fs: { allow: ["../.."] } },
});
