import { expect, test } from "vitest";
import { composeMail } from "./compose-mail.ts";

test("a mail says the same as text and as HTML", () => {
  const mail = composeMail({
    subject: "Your result is ready",
    paragraphs: ["It was completed.", "Download it soon."],
    link: { label: "Open the job", url: "http://gas.example.org/annotations/1?a=1&b=2" },
    notes: ["Log and summary stay."],
  });
  expect(mail.text).toBe(
    "It was completed.\n\nDownload it soon.\n\nOpen the job:\nhttp://gas.example.org/annotations/1?a=1&b=2\n\nLog and summary stay.\n",
  );
  for (const words of ["It was completed.", "Download it soon.", "Open the job", "Log and summary stay."])
    expect(mail.html).toContain(words);
  expect(mail.html).toContain('href="http://gas.example.org/annotations/1?a=1&amp;b=2"');
});

test("text of users changes neither the headers nor the markup", () => {
  const name = '<b>"x"</b>\r\nBcc: all@example.org';
  const mail = composeMail({ subject: `The annotation of ${name}`, paragraphs: [name], notes: [name] });
  expect(mail.subject).toBe('The annotation of <b>"x"</b> Bcc: all@example.org');
  expect(mail.html).not.toContain("<b>");
});
