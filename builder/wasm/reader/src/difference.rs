//! Where two modules or components differ first.

use crate::describe::section_name;
use serde::Serialize;
use std::ops::Range;
use wasmparser::{BinaryReader, DataSectionReader, FromReader, FunctionBody, SectionLimited};

#[derive(Serialize, Default)]
pub struct Difference {
    pub equal: bool,
    /// In words: `code section, function 3 at byte 12 of it`.
    pub place: String,
    /// Of the first byte that differs, in either file.
    pub a: usize,
    pub b: usize,
}

/// Compares section by section, because one longer section moves all that follow.
pub fn first(a: &[u8], b: &[u8]) -> Difference {
    if a == b {
        return Difference { equal: true, ..Default::default() };
    }
    let compare = Compare { a, b };
    compare.modules(0..a.len(), 0..b.len(), String::new(), 0)
}

/// Deeper than any tool nests components; below it only an offset is told.
const DEEPEST: usize = 16;

const CODE: u8 = 10;
const DATA: u8 = 11;
const MODULE: u8 = 1;
const NESTED: u8 = 4;

struct Part {
    id: u8,
    name: String,
    range: Range<usize>,
}

struct Compare<'a> {
    a: &'a [u8],
    b: &'a [u8],
}

impl Compare<'_> {
    fn modules(&self, x: Range<usize>, y: Range<usize>, inside: String, depth: usize) -> Difference {
        let at = |place: String, a, b| Difference { equal: false, place, a, b };
        let (Some((xs, component)), Some((ys, other))) = (parts(self.a, &x), parts(self.b, &y)) else {
            return self.bytes(&x, &y, inside + "the bytes");
        };
        if component != other || depth > DEEPEST {
            return self.bytes(&x, &y, inside + "the bytes");
        }
        for i in 0..xs.len().max(ys.len()) {
            let (p, q) = match (xs.get(i), ys.get(i)) {
                (Some(p), Some(q)) => (p, q),
                (None, Some(q)) => {
                    return at(format!("{inside}{}, which only the second build has", q.name), x.end, q.range.start);
                }
                (Some(p), None) => {
                    return at(format!("{inside}{}, which only the first build has", p.name), p.range.start, y.end);
                }
                (None, None) => break,
            };
            if p.name != q.name {
                let place = format!("{inside}{} of the first build, where the second has {}", p.name, q.name);
                return at(place, p.range.start, q.range.start);
            }
            if self.a[p.range.clone()] == self.b[q.range.clone()] {
                continue;
            }
            if component && (p.id == MODULE || p.id == NESTED) {
                let number = xs[..=i].iter().filter(|o| o.name == p.name).count();
                let inside = format!("{inside}{} {number}, ", p.name);
                return self.modules(p.range.clone(), q.range.clone(), inside, depth + 1);
            }
            return self.section(component, p, q, inside);
        }
        at(inside + "the sections' lengths", x.start + 8, y.start + 8)
    }

    /// Says which function or data segment the first difference lies in.
    fn section(&self, component: bool, p: &Part, q: &Part, inside: String) -> Difference {
        let place = inside + &p.name;
        let kind = if p.id == DATA { "segment" } else { "function" };
        if component || (p.id != CODE && p.id != DATA) {
            return self.bytes(&p.range, &q.range, place);
        }
        let (xs, ys) = (items(self.a, p), items(self.b, q));
        for (i, (x, y)) in xs.iter().zip(&ys).enumerate() {
            if self.a[x.clone()] != self.b[y.clone()] {
                let mut found = self.bytes(x, y, String::new());
                found.place = format!("{place}, {kind} {i} at byte {} of it", found.a - x.start);
                return found;
            }
        }
        let place = if xs.len() == ys.len() {
            place
        } else {
            let (n, m) = (xs.len(), ys.len());
            format!("{place}, which has {n} {kind}s in the first build and {m} in the second")
        };
        self.bytes(&p.range, &q.range, place)
    }

    fn bytes(&self, x: &Range<usize>, y: &Range<usize>, place: String) -> Difference {
        let same = self.a[x.clone()].iter().zip(&self.b[y.clone()]).take_while(|(m, n)| m == n).count();
        Difference { equal: false, place, a: x.start + same, b: y.start + same }
    }
}

/// The sections of the module or component in a range; None where it is neither.
fn parts(data: &[u8], range: &Range<usize>) -> Option<(Vec<Part>, bool)> {
    let module = &data[range.clone()];
    if module.len() < 8 || !module.starts_with(b"\0asm") {
        return None;
    }
    let component = module[6] == 1;
    let mut reader = BinaryReader::new(&module[8..], range.start + 8);
    let mut list = Vec::new();
    while !reader.eof() {
        let id = reader.read_u8().ok()?;
        let content = reader.read_reader().ok()?;
        list.push(Part { id, name: name(component, id, &content), range: content.range() });
    }
    Some((list, component))
}

fn name(component: bool, id: u8, content: &BinaryReader) -> String {
    if id == 0 {
        return match content.clone().read_string() {
            Ok(name) => format!("custom section {name:?}"),
            Err(_) => "custom section".into(),
        };
    }
    let name = section_name(component, id);
    let whole = component && (id == MODULE || id == NESTED);
    if whole { name } else { format!("{name} section") }
}

/// The function bodies of a code section, or the bytes of a data section's segments, as
/// far as they can be read.
fn items(data: &[u8], part: &Part) -> Vec<Range<usize>> {
    let reader = BinaryReader::new(&data[part.range.clone()], part.range.start);
    if part.id == DATA {
        let Ok(section) = DataSectionReader::new(reader) else {
            return Vec::new();
        };
        let bytes = |d: wasmparser::Data| d.range.end - d.data.len()..d.range.end;
        return section.into_iter().map_while(|d| d.ok()).map(bytes).collect();
    }
    ranges::<FunctionBody>(reader)
}

fn ranges<'a, T: FromReader<'a> + HasRange>(reader: BinaryReader<'a>) -> Vec<Range<usize>> {
    let Ok(section) = SectionLimited::<T>::new(reader) else {
        return Vec::new();
    };
    section.into_iter().map_while(|item| item.ok()).map(|item| item.range()).collect()
}

trait HasRange {
    fn range(&self) -> Range<usize>;
}

impl HasRange for FunctionBody<'_> {
    fn range(&self) -> Range<usize> {
        FunctionBody::range(self)
    }
}
