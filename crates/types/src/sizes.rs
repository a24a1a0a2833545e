//! Sizes, alignments and offsets as the gc compiler lays types out.

use crate::api::*;
use crate::program::Program;

/// What a type takes.
#[derive(Clone, Copy)]
struct Layout {
    size: u64,
    align: u64,
}

/// Types visited for one size.
const MAX_STEPS: u32 = 100_000;

impl Program<'_> {
    /// `unsafe.Sizeof` of the type; `None` where it depends on type parameters or is unknown.
    pub fn size_of(&self, ty: TypeId) -> Option<u64> {
        self.layout(ty, &mut MAX_STEPS.clone()).map(|l| l.size)
    }

    /// `unsafe.Alignof` of the type.
    pub fn align_of(&self, ty: TypeId) -> Option<u64> {
        self.layout(ty, &mut MAX_STEPS.clone()).map(|l| l.align)
    }

    /// Offset of the field that `path` leads to through embedded structs of `ty`.
    pub(crate) fn offset_of(&self, mut ty: TypeId, path: &[u32]) -> Option<u64> {
        let mut offset = 0;
        for &i in path {
            let TypeKind::Struct(fields) = self.kind(self.underlying(ty)) else { return None };
            let mut steps = MAX_STEPS;
            let mut at: u64 = 0;
            for f in fields.iter().take(i as usize) {
                let l = self.layout(f.ty, &mut steps)?;
                at = align_up(at, l.align)?.checked_add(l.size)?;
            }
            let field = fields.get(i as usize)?;
            at = align_up(at, self.layout(field.ty, &mut steps)?.align)?;
            offset += at;
            ty = field.ty;
        }
        Some(offset)
    }

    fn layout(&self, ty: TypeId, steps: &mut u32) -> Option<Layout> {
        *steps = steps.checked_sub(1)?;
        if self.is_type_param(ty) {
            return None;
        }
        let word = self.target.word_size;
        let words = |n: u64| Some(Layout { size: n * word, align: word });
        crate::deep(|| match self.kind(self.underlying(ty)) {
            TypeKind::Basic(basic) => {
                let (size, align) = match basic {
                    Basic::Bool | Basic::Int8 | Basic::Uint8 => (1, 1),
                    Basic::Int16 | Basic::Uint16 => (2, 2),
                    Basic::Int32 | Basic::Uint32 | Basic::Float32 => (4, 4),
                    Basic::Int64 | Basic::Uint64 | Basic::Float64 => (8, word),
                    Basic::Complex64 => (8, 4),
                    Basic::Complex128 => (16, word),
                    Basic::String => (2 * word, word),
                    Basic::Int | Basic::Uint | Basic::Uintptr | Basic::UnsafePointer => {
                        (word, word)
                    }
                    _ => return None,
                };
                Some(Layout { size, align })
            }
            TypeKind::Pointer(_)
            | TypeKind::Map(..)
            | TypeKind::Chan(..)
            | TypeKind::Signature(_) => words(1),
            TypeKind::Slice(_) => words(3),
            TypeKind::Interface(_) => words(2),
            TypeKind::Array(n, elem) => {
                let elem = self.layout(*elem, steps)?;
                Some(Layout { size: elem.size.checked_mul((*n)?)?, align: elem.align })
            }
            TypeKind::Struct(fields) => {
                let (mut at, mut align) = (0u64, 1);
                let mut last = 1;
                for f in fields {
                    let l = self.layout(f.ty, steps)?;
                    at = align_up(at, l.align)?.checked_add(l.size)?;
                    align = align.max(l.align);
                    last = l.size;
                }
                // A pointer past a zero-sized last field must stay inside the object.
                if at > 0 && last == 0 {
                    at += 1;
                }
                Some(Layout { size: align_up(at, align)?, align })
            }
            _ => None,
        })
    }
}

fn align_up(at: u64, align: u64) -> Option<u64> {
    at.checked_next_multiple_of(align.max(1))
}
