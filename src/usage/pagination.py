from src.core.pagination import KeysetPagination


class NewestFirst(KeysetPagination):
    ordering = ("-id",)
