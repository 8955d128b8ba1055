// Shows a message that came while no page is open, and opens the page when it is tapped. Keeps nothing.

self.addEventListener("push", (event) => {
  const said = event.data ? event.data.json() : {};
  const shown = self.registration.showNotification(said.title ?? "窗明", { body: said.body ?? "", icon: "/icon.svg", tag: said.own ? "own" : "alerts", renotify: true });
  event.waitUntil(shown);
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const open = self.clients.matchAll({ type: "window" }).then((pages) => (pages[0] ? pages[0].focus() : self.clients.openWindow("/")));
  event.waitUntil(open);
});
