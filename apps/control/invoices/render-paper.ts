import { createRequire } from 'node:module';
import { setImmediate as breathe } from 'node:timers/promises';
import PDFDocument from 'pdfkit';
import { requireLegibleParties, spellMissing } from './missing-glyphs.js';
import type { Paper, Section } from './paper.js';

/** In points, of A4. */
const margin = 48;
const rowHeight = 14;
const small = 8;
const body = 9;
const columns = [
  { title: 'Project', x: margin, width: 82, align: 'left' },
  { title: 'Model', x: 134, width: 118, align: 'left' },
  { title: 'Dimension', x: 256, width: 92, align: 'left' },
  { title: 'Quantity', x: 350, width: 64, align: 'right' },
  { title: 'Unit price', x: 418, width: 66, align: 'right' },
  { title: 'Amount', x: 488, width: 59, align: 'right' },
] as const;
const grey = '#555555';
/** So many rows are drawn before other requests get their turn. */
const rowsPerBreath = 20;

/** The fonts that every PDF reader has know Western Europe only; these know Polish, Greek and Cyrillic names too. */
const { resolve } = createRequire(import.meta.url);
const fonts = {
  regular: resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
  bold: resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'),
};

/**
 * A PDF of it. The same paper gives the same bytes: the only time in it is its own.
 * @throws ApiError 409 for a party whose name cannot be written with the font.
 */
export async function renderPaper(paper: Paper): Promise<Buffer> {
  const pdf = new PDFDocument({
    size: 'A4',
    margin,
    bufferPages: true,
    font: fonts.regular,
    lang: 'en',
    info: {
      Title: paper.title,
      Author: paper.issuer?.legalName ?? '',
      CreationDate: new Date(paper.at),
    },
  });
  pdf.registerFont('bold', fonts.bold).registerFont('regular', fonts.regular);
  requireLegibleParties(pdf, paper);
  const written = collect(pdf);
  drawHead(pdf, paper);
  if (paper.introduction !== undefined) drawIntroduction(pdf, paper.introduction);
  if (paper.sections !== undefined) await drawTable(pdf, paper.sections);
  drawTotals(pdf, paper);
  drawFooters(pdf, paper);
  pdf.end();
  return written;
}

type Pdf = InstanceType<typeof PDFDocument>;

function collect(pdf: Pdf): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((done, failed) => {
    pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
    pdf.on('end', () => done(Buffer.concat(chunks)));
    pdf.on('error', failed);
  });
}

function drawHead(pdf: Pdf, { title, issuer, customer, facts }: Paper): void {
  pdf.font('bold').fontSize(18).text(title, margin, margin);
  pdf.moveDown(0.8);
  const top = pdf.y;
  for (const [index, [name, value]] of facts.entries()) {
    const y = top + index * rowHeight;
    pdf.font('regular').fontSize(small).fillColor(grey).text(name, 350, y, { width: 80 });
    pdf.fillColor('black').text(spellMissing(pdf, value), 430, y, { width: 117, align: 'right' });
  }
  const parties = [
    { title: 'From', party: issuer },
    { title: 'To', party: customer },
  ];
  let y = top;
  for (const { title, party } of parties) {
    if (party === undefined) continue;
    pdf.font('regular').fontSize(small).fillColor(grey).text(title, margin, y);
    pdf.font('bold').fontSize(body).fillColor('black').text(party.legalName, { width: 280 });
    const taxId = party.taxId === undefined ? [] : [`Tax id ${party.taxId}`];
    pdf.font('regular').text([...party.address, ...taxId].join('\n'), { width: 280 });
    y = pdf.y + 10;
  }
  pdf.y = Math.max(y, top + facts.length * rowHeight) + 12;
}

function drawIntroduction(pdf: Pdf, introduction: string): void {
  pdf.font('regular').fontSize(body);
  pdf.text(spellMissing(pdf, introduction), margin, pdf.y, { width: pdf.page.width - 2 * margin });
  pdf.y += rowHeight;
}

function drawTableHead(pdf: Pdf): void {
  const { y } = pdf;
  pdf.font('bold').fontSize(small);
  for (const { title, ...cell } of columns) drawCell(pdf, title, y, cell);
  const below = y + rowHeight - 2;
  pdf
    .moveTo(margin, below)
    .lineTo(pdf.page.width - margin, below)
    .lineWidth(0.5)
    .stroke();
  pdf.y = y + rowHeight + 2;
}

async function drawTable(pdf: Pdf, sections: readonly Section[]): Promise<void> {
  drawTableHead(pdf);
  let drawn = 0;
  for (const section of sections) {
    drawSectionRow(pdf, section, 'title');
    for (const row of section.rows) {
      drawTableRow(pdf, row);
      drawn += 1;
      if (drawn % rowsPerBreath === 0) await breathe();
    }
    drawSectionRow(pdf, section, 'total');
  }
}

function drawTableRow(pdf: Pdf, texts: readonly string[]): void {
  const y = nextRow(pdf, { top: drawTableHead });
  pdf.font('regular').fontSize(small);
  for (const [index, cell] of columns.entries()) drawCell(pdf, texts[index] ?? '', y, cell);
}

/** Its title above its rows, its sum below. A title does not stand alone at the foot of a page. */
function drawSectionRow(pdf: Pdf, { title, total }: Section, place: 'title' | 'total'): void {
  const y = nextRow(pdf, { needed: place === 'title' ? 3 : 1, top: drawTableHead });
  const [first, , , , , last] = columns;
  pdf.font('bold').fontSize(small);
  drawCell(pdf, place === 'title' ? title : `Total ${title}`, y, { ...first, width: 400 });
  if (place === 'total') {
    drawCell(pdf, total, y, last);
    pdf.y += 6;
  }
}

function drawTotals(pdf: Pdf, paper: Paper): void {
  const rows = paper.totals;
  const [, , , , , last] = columns;
  nextRow(pdf, { needed: rows.length + 1 });
  const above = pdf.y - rowHeight / 2;
  pdf
    .moveTo(300, above)
    .lineTo(pdf.page.width - margin, above)
    .lineWidth(0.5)
    .stroke();
  for (const { label, amount, isStrong = false } of rows) {
    const y = nextRow(pdf);
    pdf.font(isStrong ? 'bold' : 'regular').fontSize(body);
    drawCell(pdf, label, y, { x: 300, width: 183, align: 'left' });
    drawCell(pdf, amount, y, last);
  }
  const notes = spellMissing(pdf, paper.notes.join('\n'));
  pdf.font('regular').fontSize(7).fillColor(grey);
  const height = pdf.heightOfString(notes, { width: pdf.page.width - 2 * margin });
  if (pdf.y + height + rowHeight > bottomOf(pdf)) pdf.addPage();
  pdf.text(notes, margin, pdf.y + rowHeight, { width: pdf.page.width - 2 * margin });
  pdf.fillColor('black');
}

/** On every page, once it is known how many there are. */
function drawFooters(pdf: Pdf, { title }: Paper): void {
  const { start, count } = pdf.bufferedPageRange();
  for (let page = start; page < start + count; page += 1) {
    pdf.switchToPage(page);
    // Below the margin, where text would otherwise open a new page.
    pdf.page.margins.bottom = 0;
    const y = pdf.page.height - margin + 14;
    pdf.font('regular').fontSize(7).fillColor(grey);
    drawCell(pdf, title, y, { x: margin, width: 300, align: 'left' });
    drawCell(pdf, `Page ${page - start + 1} of ${count}`, y, { x: 400, width: 147, align: 'right' });
  }
}

interface Cell {
  readonly x: number;
  readonly width: number;
  readonly align: 'left' | 'right';
}

/** One line of text: what is too long for its cell ends in an ellipsis. The place of the next row stays where it is. */
function drawCell(pdf: Pdf, text: string, y: number, { x, width, align }: Cell): void {
  const next = pdf.y;
  pdf.text(spellMissing(pdf, text), x, y, { width, align, height: rowHeight - 2, ellipsis: true });
  pdf.y = next;
}

const bottomOf = (pdf: Pdf) => pdf.page.height - margin;

interface RowPlace {
  readonly needed?: number;
  /** What a new page begins with. */
  readonly top?: (pdf: Pdf) => void;
}

/** Where the next row begins: on a new page when fewer than `needed` rows fit on this one. */
function nextRow(pdf: Pdf, { needed = 1, top }: RowPlace = {}): number {
  if (pdf.y + needed * rowHeight > bottomOf(pdf)) {
    pdf.addPage();
    pdf.y = margin;
    top?.(pdf);
  }
  const { y } = pdf;
  pdf.y = y + rowHeight;
  return y;
}
